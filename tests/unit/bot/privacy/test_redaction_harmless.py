"""Redaction does not change messages that mention secrets without containing one."""

from __future__ import annotations

import pytest

from bot.privacy.redaction import redact
from tests.support.knowledge import KNOWLEDGE

ENGLISH = """
I forgot my PIN
forgot pin
my password is wrong
my password is not accepted
my password is not working, please help
My password is incorrect.
my password isn't working
the password wasn't accepted
PIN is not working
PIN issue
PIN: forgotten
PIN?
password?
password: ???
my PIN is ****
is my birthday ok as PIN
Is my PIN required every time?
What is my PIN?
where is the pin
How long must my PIN be?
Can I use letters in the PIN?
The PIN is 4-6 characters, right?
my PIN is 6 digits long
must the PIN be 6 digits?
the password is 8 characters
the password must have 8 to 16 characters
a 4-digit PIN
six-digit pin please
I entered my PIN 3 times
I tried the password 10 times in 5 minutes
my PIN stopped working on iOS 17
PIN on iPhone 15 does not work
forgot the PIN of my Galaxy S23
PIN and 2FA are not working
PIN guidelines KB2269
I have not used my PIN since 2019
I set the PIN in 2021 and forgot it
PIN does not work since 10:30
the password expired on 11/22
the password is case sensitive?
password reset please
how do I reset my password
I want to change my password to a better one
password and PIN forgotten
Is the PIN the same as the password?
the PIN is sent by SMS?
my PIN is blocked
my PIN is locked out, what now?
my pin was stolen
my password has been compromised
my password is compromised
my passcode is not recognized
passcode not accepted
the passcode is the code of the iPhone, right?
my response is wrong
the response is always invalid
response string not working
I get no response
no response since 10:30
I have been waiting for a response for 30 minutes
the response time is 500 ms
how do I generate the response string?
I forgot my PIN, my number is 090-1234-5678
PIN not sent to +81 90 1234 5678
forgot my password, my e-mail is john1@example.com
I forgot my password, my username is john123
password error 1011
the shipping is delayed
spinning wheel 1234
passport number needed?
I do not want to share my password with anybody
will you ever ask for my password
my husband's PIN is unknown to me
PIN vs password
the PIN is not the same as before
my password is too long, is that a problem?
The PIN is five digits
My response string is rejected, the challenge was 123 456
Is the password encrypted with 256 bits
PIN is rejected, I reinstalled the app on 3/4 and 5/6
my account is U1234567, password forgotten
my password is my dog's name
the PIN screen says error 1011
is pin=password?
PIN forgotten, but the confirmation code is 123456
""".strip().splitlines()
JAPANESE = """
パスワードを忘れました
パスワードが違います
パスワードは何文字ですか
パスワードはどこで変更できますか
パスワードがわかりません
パスワードを変更したい
パスワードはIBKRのサイトで変更できますか
パスワードはTWSと同じですか
パスワードが8文字では短いですか
パスワードを3回間違えました
パスワードは8文字以上ですか
パスワードの有効期限は90日ですか
パスワードとPINは同じですか
パスワード再設定
PINは何文字ですか
PINは4文字ですか
PINは4～6文字ですか
PINは4桁か6桁ですか
PINは0-9だけですか
PINを忘れました
PINが通りません
PINを5回間違えました
PINはSMSで届きますか
PINはiPhoneで変えられますか
PINはIB Keyで必要ですか
PINはFace IDの代わりですか
PINに誕生日を使ってもいいですか
PIN忘れた
PINリセット
私のPINが分かりません
iOS17でPINが使えません
PINをiPhone 15で入れられない
2019年に決めたPINを忘れた
2021年からPINを使っていません
暗証番号が違うと言われる
暗証番号は何桁ですか
暗証番号は4桁ですか
暗証番号を忘れてしまいました
暗証番号を10回入れました
暗証番号を教えてください
暗証番号が届かない
パスコードがわからない
パスコードは必要ですか
レスポンスの作り方は?
レスポンスが遅い
レスポンスがありません
レスポンスが30分ありません
レスポンス・ストリングが表示されません
ピンクのボタンは何ですか
ショッピングは1234円でした
パスポートは必要ですか
パスワードが10分後に無効になった
PINを忘れました。電話番号は090-1234-5678です
PINを忘れました。ユーザー名はjohn123です
PINを入れるとエラー1011が出ます
ログインパスワードは何回間違えるとロックされますか
PINの設定は2段階認証と関係ありますか
口座番号U1234567、パスワード忘れ
暗証番号が4桁から6桁に変わった
パスワードは二三日前に変えた
PINは忘れましたが、確認コードは123456です
パスワードのメールはjohn1@example.comに送られますか
""".strip().splitlines()
OTHER = [
    "hello",
    "1",
    "it is 1234 yen",
    "I moved in 2019 and have a new number",
    "my number is 090-1234-5678",
    "the code has not arrived since 10:30",
    "電話番号は09012345678です",
    "ｉＰｈｏｎｅ",
    "",
]


@pytest.mark.parametrize("message", ENGLISH + JAPANESE + OTHER)
def test_a_harmless_message_is_not_changed(message: str) -> None:
    redacted = redact(message)

    assert redacted.text == message
    assert redacted.kinds == ()


def test_no_example_and_no_label_of_a_topic_contains_a_secret() -> None:
    told = [
        sentence
        for topic in KNOWLEDGE.topics.values()
        for texts in topic.languages.values()
        for sentence in (texts.title, *texts.examples, *_labels(texts.guide.values()))
    ]

    assert len(told) > 100
    assert [sentence for sentence in told if redact(sentence).kinds] == []


def _labels(items: object) -> list[str]:
    return [label for item in items for label in item.choices.values()]  # type: ignore[attr-defined]
