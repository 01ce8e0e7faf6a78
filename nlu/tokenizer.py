"""Rasa tokens that cover the whole text, with offsets into the original.

Rasa's WhitespaceTokenizer deletes Japanese words together with emoji, and rejects `language: ja`.
"""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from nlu.word_segmentation import segment_words


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class ScriptTokenizer(Tokenizer):  # type: ignore[misc]
    """Splits a message into tokens. The text of a token is in NFKC; its offsets are those of the original."""

    @staticmethod
    def get_default_config() -> dict[str, object]:
        """Return the options of Rasa's base class. Intents are never split."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens of the message's `attribute`."""
        words = segment_words(message.get(attribute) or "")
        return [Token(word, start, end) for start, end, word in words]
