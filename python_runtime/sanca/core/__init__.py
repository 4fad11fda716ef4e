"""Words everybody shares: ids, messages, tools, errors, settings and the protocols between rooms.

Imports no other room.
"""
