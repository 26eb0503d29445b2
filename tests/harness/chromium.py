# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real browser without a window: Debian's Chromium, driven by Selenium."""

import contextlib
import os

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DEADLINE = 60

ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
             "--no-proxy-server", "--password-store=basic", "--use-mock-keychain",
             "--window-size=900,700")


class Chromium:
    def __init__(self, driver):
        self.driver = driver

    def open(self, uri):
        self.driver.get(uri)
        return self.heading()

    def heading(self):
        return self.driver.find_element(By.TAG_NAME, "h1").text

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def press(self, decision):
        """Presses the button, and waits for the page that the callback server shows."""
        self.driver.find_element(
            By.CSS_SELECTOR, f"button[name=decision][value={decision}]").click()
        WebDriverWait(self.driver, DEADLINE).until(
            lambda driver: "/callback" in driver.current_url
            and driver.execute_script("return document.readyState") == "complete")
        return self.heading()

    def keep_picture(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.driver.save_screenshot(str(path))


@contextlib.contextmanager
def chromium(session):
    """A browser with a fresh profile inside the session."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in (*ARGUMENTS, f"--user-data-dir={session.root / 'chromium'}"):
        options.add_argument(argument)
    environment = {name: value for name, value in session.environment.items()
                   if not name.endswith("SAN_OPTIONS") and name != "G_DEBUG"}
    # Its crash handler and its profile stay out of the user's folders.
    service = Service("/usr/bin/chromedriver", env=environment,
                      log_path=str(session.root / "logs" / "chromedriver"))
    driver = webdriver.Chrome(service=service, options=options)
    try:
        driver.set_page_load_timeout(DEADLINE)
        yield Chromium(driver)
    finally:
        driver.quit()
