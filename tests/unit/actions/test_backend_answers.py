"""The backend's answers are read strictly: a newer reason has a text, a newer state is no answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actions.backend.answers import (
    Challenge,
    Deliveries,
    Delivery,
    Link,
    OptedIn,
    Partner,
    SecureLogin,
    SecurityStatus,
    SharingRequest,
    Verified,
)
from actions.backend.vocabulary import LinkEnd, OptInReason
from contracts.codec import ContractError, decode

TIME = "2027-01-31T09:30:00.000Z"
LINK = {"state": "linked", "username_masked": "ha***01", "expires_at": TIME, "ended": None}
CHALLENGE = {
    "id": "pv_1",
    "number_masked": "+81******5678",
    "expires_at": TIME,
    "resend_after": TIME,
    "checks_left": 5,
    "sends_left": 4,
}
VERIFIED = {"status": "verified", "receipt": "PV-1", "standing": "in_force", "sms_two_factor": "enrolling"}
OPTED_IN = {"status": "opted_in", "receipt": "OI-1"}
SECURE_LOGIN: dict[str, Any] = {
    "state": "opted_out",
    "next": "here",
    "reasons": [],
    "primary_masked": None,
    "number_masked": "+81******5601",
}
SECURITY_STATUS = {
    "username_masked": "ha***01",
    "primary": True,
    "numbers": [{"number_masked": "+81******5601", "verified": True}],
    "secure_login": "opted_out",
    "devices": [{"kind": "dsc_plus", "level": 2, "state": "active"}],
    "ib_key": "none",
}
PARTNER = {
    "id": "us_1",
    "username_masked": "ha***11",
    "eligible": True,
    "reasons": [],
    "device": "dsc_plus",
    "owner": "self",
    "equal": False,
}
SHARING = {
    "id": "ds_1",
    "state": "awaiting_portal",
    "reason": None,
    "username_masked": "ha***11",
    "device": "dsc_plus",
    "owner": "self",
    "portal_url": "https://portal.example/#ds_1",
    "updated_at": TIME,
    "receipt": None,
}
DELIVERY = {"state": "undelivered", "reason": "do_not_call", "sent_at": TIME}


def read(shape: Any, answer: dict[str, Any], **changes: Any) -> Any:
    return decode(json.dumps({**answer, **changes}), shape)


@pytest.mark.parametrize(
    ("shape", "answer", "changes"),
    [
        (Link, LINK, {"state": "paused"}),
        (Link, LINK, {"username_masked": None}),
        (Link, LINK, {"username_masked": ""}),
        (Challenge, CHALLENGE, {"id": ""}),
        (Challenge, CHALLENGE, {"expires_at": "2027-01-31T09:30:00"}),
        (Challenge, CHALLENGE, {"checks_left": True}),
        (Challenge, CHALLENGE, {"sends_left": "4"}),
        (Verified, VERIFIED, {"status": "pending"}),
        (Verified, VERIFIED, {"receipt": ""}),
        (OptedIn, OPTED_IN, {"status": "verified"}),
        (OptedIn, OPTED_IN, {"receipt": None}),
        (SecureLogin, SECURE_LOGIN, {"state": "paused"}),
        (SecureLogin, SECURE_LOGIN, {"next": "branch"}),
        (SecureLogin, SECURE_LOGIN, {"number_masked": None}),
        (SecureLogin, SECURE_LOGIN, {"reasons": None}),
        (SecurityStatus, SECURITY_STATUS, {"secure_login": "paused"}),
        (SecurityStatus, SECURITY_STATUS, {"ib_key": "paused"}),
        (SecurityStatus, SECURITY_STATUS, {"devices": [{"kind": "", "state": "active"}]}),
        (SecurityStatus, SECURITY_STATUS, {"numbers": [{"number_masked": "+81******5601"}]}),
        (Partner, PARTNER, {"device": "sms"}),
        (Partner, PARTNER, {"device": "retina"}),
        (Partner, PARTNER, {"owner": None}),
        (Partner, PARTNER, {"owner": "bank"}),
        (SharingRequest, SHARING, {"state": "paused"}),
        (SharingRequest, SHARING, {"device": "ib_key"}),
        (SharingRequest, SHARING, {"owner": "bank"}),
        (SharingRequest, SHARING, {"portal_url": None}),
        (SharingRequest, SHARING, {"portal_url": "javascript:alert(1)"}),
        (SharingRequest, SHARING, {"state": "approved"}),
        (Delivery, DELIVERY, {"state": "returned"}),
        (Delivery, DELIVERY, {"number_masked": ""}),
        (Deliveries, {}, {"deliveries": []}),
    ],
)
def test_an_answer_outside_the_contract_is_no_answer(
    shape: Any, answer: dict[str, Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(ContractError):
        read(shape, answer, **changes)


def test_members_that_are_newer_than_this_version_are_ignored() -> None:
    assert read(Link, LINK, since=TIME) == read(Link, LINK)


def test_a_newer_reason_is_unknown() -> None:
    assert read(SecureLogin, SECURE_LOGIN, reasons=["portal_only", "newer"]).reasons == (
        OptInReason.PORTAL_ONLY,
        OptInReason.UNKNOWN,
    )
    assert read(Partner, PARTNER, eligible=False, reasons=["newer"]).reasons == ("unknown",)
    assert read(SharingRequest, SHARING, state="refused", reason="newer").reason == "unknown"
    assert read(Delivery, DELIVERY, reason="newer").reason == "unknown"


def test_a_refusal_or_a_failed_delivery_without_a_reason_has_the_reason_unknown() -> None:
    assert read(SharingRequest, SHARING, state="refused").reason == "unknown"
    assert read(Delivery, DELIVERY, reason=None).reason == "unknown"


def test_how_a_link_ended_is_told_only_in_words_that_have_a_text() -> None:
    assert read(Link, LINK, state="none", ended="declined").ended is LinkEnd.DECLINED
    assert read(Link, LINK, state="none", ended="newer").ended is None


def test_a_member_has_a_value_only_where_it_has_a_meaning() -> None:
    assert read(Link, LINK, state="pending").username_masked is None
    assert read(SecureLogin, SECURE_LOGIN, next="portal").number_masked is None
    ineligible = read(Partner, PARTNER, eligible=False, device="ib_key", owner="bank")
    assert (ineligible.device, ineligible.owner) == (None, None)
    approved = read(SharingRequest, SHARING, state="approved", receipt="DS-1", reason="compliance")
    assert (approved.portal_url, approved.reason, approved.receipt) == (None, None, "DS-1")
    assert read(Delivery, DELIVERY, state="delivered").reason is None


def test_a_newer_consequence_of_a_verified_number_is_neither_in_force_nor_disclosed() -> None:
    for changes in (
        {"standing": "newer", "sms_two_factor": "newer"},
        {"standing": None, "sms_two_factor": None},
    ):
        verified = read(Verified, VERIFIED, **changes)
        assert (verified.in_force, verified.sms_two_factor) == (False, "undisclosed")


def test_the_security_status_names_numbers_and_devices_in_order() -> None:
    status = read(SecurityStatus, SECURITY_STATUS)
    assert status.numbers == (("+81******5601", True),)
    assert status.devices == (("dsc_plus", "active"),)
