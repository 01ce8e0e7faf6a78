"""Tokens for Rasa: all of the text, with offsets into the original.

Rasa's own tokenizer deletes Japanese words together with emoji and refuses Japanese outright.
"""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from nlu.words import spans


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class ScriptTokenizer(Tokenizer):  # type: ignore[misc]
    """Cuts a message into tokens; a token's text is in NFKC, its offsets are those of the original."""

    @staticmethod
    def get_default_config() -> dict[str, object]:
        """What Rasa's base class reads; intents are never split."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The tokens of the message's `attribute`; none for an empty text."""
        return [Token(word, start, end) for start, end, word in spans(message.get(attribute) or "")]
