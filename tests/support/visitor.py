"""A citizen with the plainest of browsers: no scripts, only cookies, forms and redirects."""

from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.support.site import hidden_fields

PASSWORD = "correct horse battery staple 42"


def sign_in(address: str, email: str, *, back: str) -> str:
    """Be the browser: sign in, agree, and return the address the agency is called back at."""
    browser = requests.Session()
    page = browser.get(address, timeout=10)
    for _ in range(5):
        form = hidden_fields(page.text)
        if urlsplit(page.url).path.startswith("/sign-in/"):
            form |= {"email": email, "password": PASSWORD}
        else:
            form |= {"decision": "allow"}
        answer = browser.post(page.url, data=form, allow_redirects=False, timeout=10)
        while answer.status_code == 303:
            there = urljoin(answer.url, answer.headers["Location"])
            if there.startswith(back):
                return there
            answer = browser.get(there, allow_redirects=False, timeout=10)
        assert answer.status_code == 200, answer.text
        page = answer
    pytest.fail(f"never came back from {page.url}")
