"""What programs at a terminal share: refusals in one line, files that appear whole."""
