"""One authorization request and its citizen: what has been done, what is missing."""
