"""The built-in assistant: it learns from what people decided, and asks nobody outside."""

from adapters.learning_assistant.assistant import LearningAssistant

__all__ = ["LearningAssistant"]
