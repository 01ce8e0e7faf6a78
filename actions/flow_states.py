"""The states of tasks on the dialogue stack: one typed, frozen state for each step."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from msgspec import Struct

from actions.backend.vocabulary import DeviceKind, DeviceOwner
from contracts.enums import StrEnum


class TaskStep(StrEnum):
    """What a task waits for."""

    NUMBER = "number"
    """A mobile number."""
    REGION = "region"
    """The country of a number that was given without one."""
    CONFIRM = "confirm"
    """A yes to what the task is about to do."""
    CODE = "code"
    """The code that was sent by SMS."""
    OFFER = "offer"
    """A yes to a code that links the chat."""
    UNLINK = "unlink"
    """A yes to the end of the link."""
    PARTNER = "partner"
    """Whom a device is shared with."""


class NumberQuestion(Struct, frozen=True, tag="number_question"):
    """`verify_phone` waits for a number."""

    step: ClassVar[TaskStep] = TaskStep.NUMBER


class RegionQuestion(Struct, frozen=True, tag="region_question"):
    """`verify_phone` waits for the country of `number`, which has no country code."""

    step: ClassVar[TaskStep] = TaskStep.REGION
    number: str


class NumberConfirmation(Struct, frozen=True, tag="number_confirmation"):
    """`verify_phone` waits for a yes to `number`, in E.164 form."""

    step: ClassVar[TaskStep] = TaskStep.CONFIRM
    number: str
    request_id: str
    """The message that asked for it: however often the client says yes, the backend does it once."""


class OptInConfirmation(Struct, frozen=True, tag="opt_in_confirmation"):
    """`sls_opt_in` waits for a yes; the code goes to the number on record."""

    step: ClassVar[TaskStep] = TaskStep.CONFIRM
    number_masked: str
    request_id: str


class LinkOffer(Struct, frozen=True, tag="link_offer"):
    """`linking` waits for a yes to a code by SMS to `number`, the client's own."""

    step: ClassVar[TaskStep] = TaskStep.OFFER
    number: str
    request_id: str


class UnlinkConfirmation(Struct, frozen=True, tag="unlink_confirmation"):
    """`linking` waits for a yes to the end of the link."""

    step: ClassVar[TaskStep] = TaskStep.UNLINK
    request_id: str


class PartnerOption(Struct, frozen=True):
    """A user with whom a device can perhaps be shared."""

    id: str
    name_masked: str


class PartnerQuestion(Struct, frozen=True, tag="partner_question"):
    """`share_device` waits for one of `partners`, chosen by its position in the list."""

    step: ClassVar[TaskStep] = TaskStep.PARTNER
    partners: tuple[PartnerOption, ...]


class SharingConfirmation(Struct, frozen=True, tag="sharing_confirmation"):
    """`share_device` waits for a yes to sharing `device` with a partner."""

    step: ClassVar[TaskStep] = TaskStep.CONFIRM
    partner_id: str
    name_masked: str
    device: DeviceKind
    owner: DeviceOwner
    is_equal: bool
    """Whether both users' devices protect equally well."""
    request_id: str


class CodeEntry(Struct, frozen=True, tag="code_entry"):
    """A task waits for the code of `challenge_id`, the backend's id of what the code is for."""

    step: ClassVar[TaskStep] = TaskStep.CODE
    challenge_id: str
    is_resend_offered: bool = False
    """Whether the client was asked, after an expired code, whether to send a new one."""


class StepListRequest(Struct, frozen=True, tag="step_list_request"):
    """A guide's steps are listed once its open questions are answered; the guide then stands at `step_id`."""

    step_id: str


class UrgentOffer(Struct, frozen=True, tag="urgent_offer"):
    """A person was offered at once because of the urgent topic `topic`."""

    topic: str


TaskState: TypeAlias = (
    NumberQuestion
    | RegionQuestion
    | NumberConfirmation
    | OptInConfirmation
    | LinkOffer
    | UnlinkConfirmation
    | PartnerQuestion
    | SharingConfirmation
    | CodeEntry
)
FrameState: TypeAlias = TaskState | StepListRequest | UrgentOffer
