"""The edge: what every request passes before a route sees it; `stack.py` puts it in order."""
