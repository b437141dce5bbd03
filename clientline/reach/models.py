"""The tables of this room, for Django to find."""

from clientline.reach.messages.models import Message, MessageRule, MessageText, OptOut

__all__ = ["Message", "MessageRule", "MessageText", "OptOut"]
