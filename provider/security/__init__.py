"""Who may do what: accounts for people, tokens for machines, and how each proves who it is. No HTTP."""
