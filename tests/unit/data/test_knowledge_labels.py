"""The register of screen labels: the problems reported when a text names a label in another form."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge import KnowledgeError, load
from knowledge.__main__ import main
from knowledge.label_register import LabelForm, load_labels, misnamed_labels

FORMS = (
    LabelForm("サービス"),
    LabelForm("Settings", "設定"),
    LabelForm("User Settings", "ユーザー設定"),
    LabelForm("Continue", "次に進む"),
    LabelForm("次に進む"),
    LabelForm("IBKR Mobile"),
)
OWN = {"次へ"}


@pytest.mark.parametrize(
    "text",
    [
        "左上の**サービス**をタップし、**次に進む**を押します。",
        "**Settings**（設定）＞**User Settings**（ユーザー設定）を開き、**Continue**（次に進む）を押します。",
        "**Continue**（次に進む）を押し、もう一度**Continue**を押します。",
        "**次へ**をお選びください。",
        "**サービス**（あれば）を、**IBKR Mobile**で開きます。",
    ],
)
def test_a_label_is_named_as_its_clients_see_it_or_in_english_with_its_meaning(text: str) -> None:
    assert list(misnamed_labels(text, FORMS, OWN)) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("**Services**をタップします。", "`Services` is no label of labels.yml"),
        ("**ユーザー設定**を開きます。", "`ユーザー設定` is no label of labels.yml"),
        ("**Settings**を開きます。", "`Settings` should be followed by （設定）"),
        ("**Settings**（環境設定）を開きます。", "`Settings` should be followed by （設定）"),
        ("設定＞ユーザー設定の歯車", "`ユーザー設定` is what a label means; the label itself is English"),
        ("「ユーザー設定」の枠", "`ユーザー設定` is what a label means; the label itself is English"),
    ],
)
def test_another_form_of_a_label_is_reported(text: str, wrong: str) -> None:
    assert wrong in list(misnamed_labels(text, FORMS, OWN))


def test_an_sms_may_leave_out_the_meaning_and_the_marks_and_no_more() -> None:
    assert (
        list(misnamed_labels("**Settings**＞**User Settings**で**Continue**", FORMS, OWN, is_sms=True)) == []
    )
    assert list(misnamed_labels("ポータルのSettings＞User Settingsの歯車", FORMS, OWN, is_sms=True)) == []
    assert list(misnamed_labels("**Settings**（環境）", FORMS, OWN, is_sms=True)) == [
        "`Settings` should be followed by （設定）"
    ]
    assert list(misnamed_labels("Options＞User Settings", FORMS, OWN, is_sms=True)) == [
        "`Options` is no label of labels.yml"
    ]


LABELS = """\
    app:
      Storage: {ja: ストレージ, source: KB2745}
      Clear cache: {ja: Clear cache（キャッシュを消去）, source: KB2745}
    """


def test_the_check_names_the_text_and_its_line(tree: Any, capsys: Any) -> None:
    tree.write("labels.yml", LABELS)
    tree.change("topics/trouble/pin/ja.yml", "ヘルプ", "Storage")
    assert main(["check", "--root", str(tree.root)]) == 1
    told = str(capsys.readouterr().out).splitlines()
    (line,) = [line for line in told if "Storage" in line]
    assert line.startswith("data/topics/trouble/pin/ja.yml:")
    assert line.endswith("`Storage` is no label of labels.yml")


def test_a_label_register_of_the_wrong_shape_is_reported(tree: Any) -> None:
    tree.write("labels.yml", "app:\n  Storage: {ja: ストレージ}\n")
    with pytest.raises(KnowledgeError) as told:
        load_labels(load(tree.root), tree.root)
    assert "`source` is missing" in str(told.value)
