// Every sentence that the page itself shows. What the assistant says comes from the gateway.

export const LANGUAGES = { en: "English", ja: "日本語" };

export const TEXTS = {
  en: {
    title: "Secure Login Assistant",
    simulator: "Simulator",
    contact: "Secure Login Assistant",
    about: "A simulator: two phones of one person, on your own machine. Nothing is sent to Telegram or by SMS.",
    language: "Language of the phones",
    new_person: "New person",
    new_person_done: "Both phones are empty and belong to a new person.",
    phones: "Phones",
    telegram: "Telegram",
    sms: "SMS",
    telegram_phone: "Telegram phone",
    sms_phone: "SMS phone",
    unread: "new messages",
    you_are: "You are",
    typing: "typing…",
    conversation: "Conversation",
    write_telegram: "Write a message",
    write_sms: "Text message",
    send: "Send",
    to_newest: "Newest message",
    choices: "Choices",
    from_bot: "Assistant",
    from_agent: "Support agent",
    from_backend: "SMS from the brokerage",
    from_client: "You",
    sent: "Sent",
    waiting: "Not sent yet. It will be sent again.",
    refused: "Not accepted by the assistant.",
    reconnecting: "No answer from the assistant. Reconnecting…",
    empty: "No messages yet. Write something, or tap one of these.",
    suggestions: [
      "I forgot my IB Key PIN",
      "Verify my mobile number",
      "My code does not arrive",
      "Talk to a person",
    ],
  },
  ja: {
    title: "セキュア・ログイン・アシスタント",
    simulator: "シミュレーター",
    contact: "ログイン・アシスタント",
    about: "1人の2台の電話をこのパソコン上で再現するシミュレーターです。TelegramやSMSには送信されません。",
    language: "電話の言語",
    new_person: "別の人にする",
    new_person_done: "2台の電話を空にし、別の人のものにしました。",
    phones: "電話",
    telegram: "Telegram",
    sms: "SMS",
    telegram_phone: "Telegramの電話",
    sms_phone: "SMSの電話",
    unread: "件の新着メッセージ",
    you_are: "あなた:",
    typing: "入力中…",
    conversation: "会話",
    write_telegram: "メッセージを入力",
    write_sms: "テキストメッセージ",
    send: "送信",
    to_newest: "最新のメッセージへ",
    choices: "選択肢",
    from_bot: "アシスタント",
    from_agent: "サポート担当者",
    from_backend: "証券会社からのSMS",
    from_client: "あなた",
    sent: "送信済み",
    waiting: "まだ送信されていません。もう一度送信します。",
    refused: "アシスタントが受け付けませんでした。",
    reconnecting: "アシスタントから応答がありません。再接続しています…",
    empty: "メッセージはまだありません。入力するか、下から選んでください。",
    suggestions: [
      "IB KeyのPINを忘れました",
      "携帯番号を確認したい",
      "コードが届きません",
      "担当者と話したい",
    ],
  },
};

// Puts the texts of one language into every element below (and including) `root` that names one:
// data-text its content, data-label its accessible name, data-hint its placeholder.
export function label(root, language) {
  const texts = TEXTS[language];
  const parts = [root, ...root.querySelectorAll("[data-text], [data-label], [data-hint]")];
  for (const part of parts) {
    const { text, label: name, hint } = part.dataset ?? {};
    if (text) part.textContent = texts[text];
    if (name) part.setAttribute("aria-label", texts[name]);
    if (hint) part.setAttribute("placeholder", texts[hint]);
  }
}
