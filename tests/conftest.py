"""What all tests share."""

pytest_plugins = ["lab.fixture"]
