"""No agent asks a client for a secret, and what helps clients with their secrets can still be said."""

from __future__ import annotations

import pytest

from bot.desk import canned
from bot.desk.outgoing import refusal
from tests.support.knowledge import KNOWLEDGE

ASKS = """
What is your password?
What's your PIN?
Please tell me your PIN.
Can you send me the confirm code?
Could you give me the code you got by SMS
please share your password with me
Send me the SMS code here
Please type your PIN here
Reply with your confirm code
Please confirm your password to me
I need your PIN to continue
We need your login details
I'll need the verification code
Your PIN please
And your password?
PIN?
Can I have your one-time code?
Please read out the card response
Let me know your passcode
Tell us the response code shown on your screen
Could you text me the activation code?
please provide your credentials
Enter the code here so I can check it
Just reply with the code
Please write your password below
パスワードを教えてください
暗証番号をお知らせください
PINは何ですか
確認コードを送ってください
お手元に届いた確認コードをこちらに入力してください
PINコードをここに書いてください
パスワードを伺ってもよろしいですか
カードの応答値をお伝えいただけますか
レスポンスコードをお知らせいただけますでしょうか
認証コードを返信してください
ログイン情報をお送りください
パスワードは？
PINをお願いします
""".strip().splitlines()

HELPS = """
Please never send your password to anybody.
We will never ask for your PIN.
Open the app and enter your PIN there.
Enter the confirm code in the IBKR Mobile app.
The app sends you a code by SMS.
Have you received the code?
A PIN has 4 to 6 characters.
Please choose a new PIN in the app.
Is your password accepted on the log-in page?
The code is valid for ten minutes.
Did you forget your PIN?
Please type the code into the Client Portal.
What do you see after you have entered your PIN in the app?
Which phone do you use?
Can you log in now?
Tell me which message you see on the screen.
Do not share the code with anyone.
You can reset your password at ibkr.com/support.
アプリでPINを入力してください
パスワードはどなたにもお送りにならないでください
確認コードは届きましたか
PINは4桁から6桁です
担当者がPINをお尋ねすることはありません
新しいPINをアプリで設定してください
コードの有効期限は10分です
ポータルの画面で確認コードを入力してください
どの画面が表示されていますか
PINをお忘れの場合は、アプリで再設定できます
""".strip().splitlines()


@pytest.mark.parametrize("text", ASKS)
def test_a_question_for_a_secret_is_refused(text: str) -> None:
    assert refusal(text) == "asks"
    assert refusal(f"Good morning. {text}\nThank you.") == "asks"


@pytest.mark.parametrize("text", HELPS)
def test_help_with_a_secret_may_be_sent(text: str) -> None:
    assert refusal(text) is None


@pytest.mark.parametrize(
    "text", ["Your new PIN is 4711", "パスワードは hunter2 です", "my password: Swordfish!9"]
)
def test_a_secret_itself_is_refused(text: str) -> None:
    assert refusal(text) == "secret"


def test_full_width_letters_hide_nothing() -> None:
    assert refusal("Ｐｌｅａｓｅ ｔｅｌｌ ｍｅ ｙｏｕｒ ＰＩＮ") == "asks"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_the_topics_say_is_hardly_ever_refused(language: str) -> None:
    """Agents change ready-made replies before they send them; as they stand they pass in any case (FormCommands)."""
    texts = [
        reply.text
        for topic, _ in canned.topics(KNOWLEDGE, language)
        for reply in canned.replies(KNOWLEDGE.topics[topic], language, "telegram")
    ]
    refused = [text for text in texts if refusal(text)]
    assert len(refused) <= 0.05 * len(texts), refused
