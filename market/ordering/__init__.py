"""How orders come in and change: checked, amended, placed at once, promised."""
