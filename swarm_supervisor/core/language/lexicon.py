# SPDX-License-Identifier: Apache-2.0
"""The verbs that are understood, with their frames, and where a phrase begins."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """An entry: the frame, what its object is, what a place phrase is."""

    frame: str
    thing: str
    place: str
    attached: bool = False
    """A place phrase after the object tells which object is meant."""


GO = Verb(frame='Motion', thing='Goal', place='Goal')
BRING = Verb(frame='Bringing', thing='Theme', place='Goal')
TAKE = Verb(frame='Taking', thing='Theme', place='Source', attached=True)
FIND = Verb(frame='Locating', thing='Sought_entity', place='Ground')
SWITCH = Verb(frame='Change_operational_state', thing='Device', place='Device', attached=True)
INSPECT = Verb(frame='Inspecting', thing='Ground', place='Ground', attached=True)
PUT = Verb(frame='Placing', thing='Theme', place='Goal')
FOLLOW = Verb(frame='Cotheme', thing='Cotheme', place='Goal')
CLOSURE = Verb(
    frame='Closure', thing='Containing_object', place='Containing_object', attached=True
)
ATTACH = Verb(frame='Attaching', thing='Item', place='Goal')
ENTER = Verb(frame='Arriving', thing='Goal', place='Goal', attached=True)
GIVE = Verb(frame='Giving', thing='Theme', place='Recipient')
GRASP = Verb(frame='Manipulation', thing='Entity', place='Entity', attached=True)
RELEASE = Verb(frame='Releasing', thing='Theme', place='Goal')
TURN = Verb(frame='Change_direction', thing='Direction', place='Direction')
LOOK_AT = Verb(frame='Perception_active', thing='Phenomenon', place='Phenomenon')

LEXICON: dict[str, Verb] = {
    **dict.fromkeys(('go', 'move', 'drive', 'come', 'proceed', 'navigate', 'travel', 'walk'), GO),
    **dict.fromkeys(('bring', 'carry', 'deliver', 'fetch', 'transport'), BRING),
    **dict.fromkeys(('take', 'get', 'grab', 'catch', 'remove', 'pick'), TAKE),
    **dict.fromkeys(('find', 'search', 'look', 'locate', 'seek'), FIND),
    **dict.fromkeys(('switch', 'activate', 'deactivate', 'stop', 'start'), SWITCH),
    **dict.fromkeys(('inspect', 'check', 'control', 'examine', 'verify'), INSPECT),
    **dict.fromkeys(('put', 'place', 'hang', 'lay', 'set'), PUT),
    'follow': FOLLOW,
    **dict.fromkeys(('open', 'close', 'shut'), CLOSURE),
    **dict.fromkeys(('connect', 'disconnect', 'attach', 'detach', 'plug'), ATTACH),
    **dict.fromkeys(('enter', 'reach', 'arrive'), ENTER),
    **dict.fromkeys(('give', 'pass', 'hand'), GIVE),
    **dict.fromkeys(('grasp', 'grip'), GRASP),
    **dict.fromkeys(('release', 'drop', 'leave'), RELEASE),
    **dict.fromkeys(('turn', 'rotate'), TURN),
}
SENSES: tuple[tuple[tuple[str, ...], str, Verb], ...] = (
    (('turn',), r'^(?!left|right|back).*\b(?:on|off)\b', SWITCH),
    (('take', 'get'), r'\b(?:to|into|me|him|her|us)\b|\bin the \w+room\b', BRING),
    (('move',), r'^(?:the|my|this|that) ', BRING),
    (('look',), r'^at ', LOOK_AT),
    (('come',), r'^(?:with|along)\b', FOLLOW),
    (('put',), r'\b(?:on|off)$', SWITCH),
)
"""Verbs with several frames, what of the words after them decides, and the frame then."""
AGENT = {
    'Locating': 'Cognizer',
    'Inspecting': 'Inspector',
    'Motion': 'Theme',
    'Giving': 'Donor',
    'Change_direction': 'Theme',
    'Cotheme': 'Theme',
}
"""What 'you' is in 'could you …'; else the agent."""
PREPOSITION = (
    r'(?:in front of|next to|close to|near to|to the (?:left|right) of|on top of|at the end of|'
    r'in the (?:center|middle) of|to|into|in|inside|on|onto|at|from|under|near|behind|beside|'
    r'between|over|along|through|towards?|along with|around|against|by|above|below)'
)
