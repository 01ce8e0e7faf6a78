"""Redaction removes secrets in each way that people write them."""

from __future__ import annotations

import time
import unicodedata

import pytest

from bot.privacy.redaction import redact

# The message, and the part that must be removed (in NFKC).
PASSWORDS = [
    ("my password is hunter2", "hunter2"),
    ("my password is sunshine", "sunshine"),
    ("My Password Is Sunshine!", "Sunshine"),
    ("password: hunter2", "hunter2"),
    ("password:hunter2", "hunter2"),
    ("Password = hunter2", "hunter2"),
    ("PASSWORD=hunter2", "hunter2"),
    ("password -> hunter2", "hunter2"),
    ("password hunter2", "hunter2"),
    ("password - hunter2", "hunter2"),
    ("my password is: hunter2", "hunter2"),
    ("my password was hunter, what now?", "hunter,"),
    ('my password is "blue horse 22"', "blue horse 22"),
    ("the password is 'blue horse'", "blue horse"),
    ("my password is “Kingfisher”.", "Kingfisher"),
    ("my password is a)b,c.d!2 thanks", "a)b,c.d!2"),
    ("my password is ab,cdefgh", "cdefgh"),
    ("my password is süßer1234", "süßer1234"),
    ("my password for the portal is Sunshine", "Sunshine"),
    ("the password that I use is kingfisher", "kingfisher"),
    ("changed my password to Hunter2! yesterday", "Hunter2!"),
    ("please reset my password to Hunter2", "Hunter2"),
    ("user john, pass: kingfisher", "kingfisher"),
    ("login john pw hunter2", "hunter2"),
    ("pwd=hunter2", "hunter2"),
    ("my pasword is kingfisher", "kingfisher"),
    ("pass word: kingfisher", "kingfisher"),
    ("my passphrase is kingfisher", "kingfisher"),
    ("pass\u200bword is hun\u200dter2", "hunter2"),
    ("my password is h\u00adunter2", "hunter2"),
    ("ｍｙ ｐａｓｓｗｏｒｄ ｉｓ ｈｕｎｔｅｒ２", "hunter2"),
    ("my password is\nhunter2", "hunter2"),
    ("Here is my password. Hunter2x", "Hunter2x"),
    ("Hunter2 is my password", "Hunter2"),
    ("Hunter2 is the login password", "Hunter2"),
    ("パスワードはHunter2です", "Hunter2"),
    ("パスワードはsunshineです。", "sunshine"),
    ("パスワード：Hunter2", "Hunter2"),
    ("パスワード:hunter", "hunter"),
    ("パスワード Hunter2", "Hunter2"),
    ("パスワードは「blue horse」です", "blue horse"),
    ("パスワードは、Hunter2です", "Hunter2"),
    ("パスワードは『Hunter2』でした", "Hunter2"),
    ("パスワード＝ｈｕｎｔｅｒ２", "hunter2"),
    ("私のパスワードはkingfisherなんですが", "kingfisher"),
    ("パスワードを忘れたのですがHunter2だと思います", "Hunter2"),
    ("パスワードをHunter2に変更してください", "Hunter2"),
    ("パスワードは以下です。\nHunter2", "Hunter2"),
    ("ログインパスはkingfisherです", "kingfisher"),
    ("パスはHunter2", "Hunter2"),
    ("Hunter2がパスワードです", "Hunter2"),
]
PINS = [
    ("my PIN is 1234", "1234"),
    ("my pin is 1234.", "1234"),
    ("PIN: 1234", "1234"),
    ("PIN=1234", "1234"),
    ("PIN 1234", "1234"),
    ("PIN#1234", "1234"),
    ("pin1234", "1234"),
    ("my PIN is abcd", "abcd"),
    ("my PIN is 12 34", "12 34"),
    ("my PIN is 1 2 3 4", "1 2 3 4"),
    ("my PIN is 1-2-3-4", "1-2-3-4"),
    ("my pin is one two three four", "two three"),
    ("the pin I use is 1234", "1234"),
    ("the pin for the app is 4711 but it does not work", "4711"),
    ("my PIN is not 1234 but 4321", "4321"),
    ("my old pin was 1234 and the new one is 5678", "5678"),
    ("PIN is 1234 times out", "1234"),
    ("PIN (1234)", "1234"),
    ("my PIN's 1234", "1234"),
    ("my pin code is 1234!", "1234"),
    ("PIN number: 123456", "123456"),
    ("PIN no. 1234", "1234"),
    ("P.I.N. 1234", "1234"),
    ("p i n is 1234", "1234"),
    ("my passcode is 9876", "9876"),
    ("pass code 9876", "9876"),
    ("my iPhone passcode is 987654", "987654"),
    ("1234 is my PIN", "1234"),
    ("it is 1234, my pin", "1234"),
    ("1234 is the old PIN", "1234"),
    ("Here is my PIN. 1234", "1234"),
    ("my PIN is below\n1234", "1234"),
    ("Ｐｉｎ：１２３４", "1234"),
    ("P\u200bI\u200bN 12\u200b34", "1234"),
    ("I entered my PIN 1234 3 times", "1234"),
    ("私のPINは1234です", "1234"),
    ("新しいPINは９８７６です。", "9876"),
    ("PINは「1234」です", "1234"),
    ("PINが1234なのに入れません", "1234"),
    ("PINを1234にしました", "1234"),
    ("PIN番号は1234", "1234"),
    ("PINコード：1234", "1234"),
    ("ピンコード1234", "1234"),
    ("ピンは1234です", "1234"),
    ("暗証番号は1234です", "1234"),
    ("暗証番号1234", "1234"),
    ("暗証番号：１２３４", "1234"),
    ("暗証番号（1234）", "1234"),
    ("暗証番号は１２ ３４です", "12 34"),
    ("暗証番号は一二三四です", "一二三四"),
    ("4桁の暗証番号は0000です", "0000"),
    ("暗証番号を忘れたので1234を試しました", "1234"),
    ("1234が暗証番号です", "1234"),
    ("1234という暗証番号を使っています", "1234"),
    ("パスコードは987654です", "987654"),
]
RESPONSES = [
    ("the response string is AB12CD34", "AB12CD34"),
    ("response: 12345678", "12345678"),
    ("response 1234 5678", "1234 5678"),
    ("the response I got is 84732291", "84732291"),
    ("my card response was 3HF9KL", "3HF9KL"),
    ("レスポンスは12345678です", "12345678"),
    ("レスポンス・ストリングは1234 5678です", "1234 5678"),
    ("レスポンスコード：AB12CD", "AB12CD"),
    ("12345678がレスポンスです", "12345678"),
]


@pytest.mark.parametrize(
    ("kind", "message", "secret"),
    [
        (kind, message, secret)
        for kind, table in (("password", PASSWORDS), ("pin", PINS), ("response", RESPONSES))
        for message, secret in table
    ],
)
def test_a_secret_is_removed_and_its_kind_is_returned(kind: str, message: str, secret: str) -> None:
    redacted = redact(message)

    assert secret not in redacted.text
    assert f"⟦secret:{kind}⟧" in redacted.text
    assert set(redacted.kinds) == {kind}
    normal = unicodedata.normalize("NFKC", redacted.text)
    assert secret.replace(" ", "") not in normal.replace(" ", "").replace("\u200b", "")


def test_there_are_enough_secrets_in_the_table() -> None:
    assert len({message for message, _ in PASSWORDS + PINS + RESPONSES}) >= 100


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("my PIN is 1234. Please help", "my PIN is ⟦secret:pin⟧ Please help"),
        ("パスワードはHunter2です。開きません", "パスワードは⟦secret:password⟧です。開きません"),
        (
            "password: Hunter2, PIN: 1234 and it fails",
            "password: ⟦secret:password⟧ PIN: ⟦secret:pin⟧ and it fails",
        ),
        ("暗証番号は１２３４です", "暗証番号は⟦secret:pin⟧です"),
        ("my PIN is not 1234 but 4321", "my PIN is not ⟦secret:pin⟧ but ⟦secret:pin⟧"),
    ],
)
def test_the_rest_of_the_message_stays(message: str, left: str) -> None:
    assert redact(message).text == left


def test_a_redacted_message_is_not_changed_again() -> None:
    once = redact("my PIN is 1234 and my password is Hunter2").text

    assert redact(once).text == once


@pytest.mark.parametrize(
    "message",
    [
        "password " * 450,
        "my pin is " * 400,
        "1" * 4096,
        "a1" * 2048,
        "PIN " + "1 " * 2046,
        "is " * 1365,
        "password for " + "the " * 1000,
        "パスワードは" * 600,
        "one " * 1024,
        "'" * 4096,
        "my password is " + "'" * 4000,
        "my PIN is 1234 " * 270,
        ("pw-" * 1400)[:4096],
        ("pin_" * 1024),
        "my pin is" + " :" * 1024 + "x " * 1024,
        "1 1" + "'" * 4093,
    ],
    ids=range(16),
)
def test_a_long_message_takes_less_than_half_a_second(message: str) -> None:
    began = time.process_time()
    redact(message)
    assert time.process_time() - began < 0.5
