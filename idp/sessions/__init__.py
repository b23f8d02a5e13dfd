"""In which browsers a citizen is signed in."""
