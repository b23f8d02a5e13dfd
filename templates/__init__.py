"""Look and language: data, read by `idp.web.rendering`, imported by nobody."""
