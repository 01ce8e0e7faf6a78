"""Messages in languages that the assistant does not speak."""

from __future__ import annotations

import pytest

from actions.other_languages import recognise
from contracts.enums import HandoffReason
from knowledge import Knowledge
from tests.support.action_turn import ActionChat
from tests.support.knowledge import KNOWLEDGE

WRITTEN = {
    "ko": ["안녕하세요 PIN을 잊어버렸어요", "로그인 코드가 오지 않습니다", "IB Key PIN을 잊었어요"],
    "zh-Hans": ["我忘记了我的PIN码", "收不到验证码怎么办", "你好，请问如何登录？", "手机丢了"],
    "zh-Hant": ["我忘記了密碼，請問怎麼辦", "收不到驗證碼", "您好，我的手機沒有收到簡訊"],
    "es": [
        "hola",
        "olvidé mi PIN",
        "No recibo el código por SMS, ¿qué puedo hacer?",
        "perdi mi telefono, ayuda por favor",
    ],
    "fr": [
        "Bonjour",
        "Je ne reçois pas le code SMS",
        "j'ai oublié mon mot de passe",
        "mon téléphone est perdu",
    ],
    "de": [
        "Ich habe mein Handy verloren",
        "ich bekomme keine SMS",
        "PIN vergessen, bitte Hilfe",
        "wie kann ich mich anmelden",
    ],
    "it": ["Ho dimenticato il PIN", "non ricevo il codice", "ciao, ho perso il telefono"],
    "pt": ["Esqueci minha senha", "não recebo o código", "olá, preciso de ajuda com meu celular"],
    "vi": ["tôi quên mã PIN", "tôi không nhận được mã"],
    "ru": ["Я забыл PIN-код", "не приходит SMS с кодом"],
    "th": ["ฉันลืมรหัส PIN", "ไม่ได้รับ SMS"],
    "ar": ["نسيت رمز PIN", "لم يصلني الرمز"],
    "hi": ["मैं पिन भूल गया", "कोड नहीं आया"],
}
OURS = [
    *(
        example
        for topic in KNOWLEDGE.topics.values()
        for page in topic.languages.values()
        for example in page.examples
    ),
    *["二段階認証", "機種変更", "暗証番号忘却", "番号確認", "我慢", "携帯電話番号変更手続"],
    *["/pin_forgotten", "", "123456", "OK", "PIN"],
]
NOTICE = "guide/other_language"


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in WRITTEN.items() for text in texts]
)
def test_a_language_is_recognised(code: str, text: str) -> None:
    found = recognise(KNOWLEDGE, text)
    assert found is not None
    assert found.code == code


def test_english_and_japanese_are_not_taken_for_others() -> None:
    taken = {text: found.code for text in OURS if (found := recognise(KNOWLEDGE, text))}
    # Examples that really are in another language, as clients mix them.
    assert len(taken) < len(OURS) * 0.004, taken


def test_a_quotation_does_not_make_a_message_foreign() -> None:
    assert recognise(KNOWLEDGE, "the app shows 오류 and then closes by itself, what is it") is None


def test_a_language_that_is_served_is_not_among_the_others(knowledge: Knowledge) -> None:
    assert not {other.code for other in knowledge.others} & set(knowledge.languages)


async def test_what_was_understood_is_answered_after_a_sentence_in_the_clients_language(
    chat: ActionChat,
) -> None:
    answered = await chat.say("ibkey_what", WRITTEN["ko"][0])
    assert answered.said == [NOTICE, "ibkey_what/answer"]
    sentence = next(other.sentence for other in KNOWLEDGE.others if other.code == "ko")
    assert sentence in chat.shown[0].text
    assert "English" in chat.shown[0].text
    assert "日本語" in chat.shown[0].text


async def test_what_was_not_understood_gets_the_sentence_and_the_languages_to_choose(
    chat: ActionChat,
) -> None:
    answered = await chat.say("out_of_scope", WRITTEN["fr"][1])
    assert answered.said == [NOTICE]
    assert answered.payloads == ["/language_english", "/language_japanese"]


async def test_it_is_said_once_and_not_at_every_message(chat: ActionChat) -> None:
    await chat.say("ibkey_what", WRITTEN["de"][0])
    assert (await chat.say("ibkey_what", WRITTEN["de"][1])).said == ["ibkey_what/answer"]


async def test_who_is_not_understood_twice_gets_a_person(chat: ActionChat) -> None:
    await chat.say("out_of_scope", WRITTEN["zh-Hans"][0])
    answered = await chat.say("nlu_fallback", WRITTEN["zh-Hans"][1])
    assert answered.said == ["human/not_understood"]
    assert answered.handoff is not None
    assert answered.handoff.reason is HandoffReason.NOT_UNDERSTOOD


async def test_a_language_without_a_name_here_gets_english_and_japanese(chat: ActionChat) -> None:
    answered = await chat.say("out_of_scope", "γειά σου", written_in="other")
    assert answered.said == ["guide/unknown_language"]


async def test_in_the_middle_of_a_guide_the_step_is_kept(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    await chat.say("nlu_fallback", WRITTEN["es"][1])
    assert chat.position == ("setup", "open")
    assert (await chat.say("step_done")).said == ["setup/scan_android"]
