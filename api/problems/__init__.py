"""Every kind of problem the exchange answers with: one page for each stable `code`."""
