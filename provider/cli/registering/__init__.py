"""`register`: a server that registers when it answers, and is drained before it stops."""
