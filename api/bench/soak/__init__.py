"""A market day lived through in minutes, with everything failing in turn: is anything lost, doubled or out of balance?"""
