"""The one policy: each intent runs its topic's action."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class TopicRules(RulePolicy):  # type: ignore[misc]
    """Rasa's rule policy without its reserved intents.

    Rasa answers the intents `restart` and `back` with actions of its own, which beat every rule. Here
    `restart` is a topic like any other.
    """

    @staticmethod
    def _find_action_from_default_actions(tracker: Any) -> tuple[None, None]:
        return None, None
