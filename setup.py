"""The Keepline package: what it needs, what it ships, and the `keepline` command."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="keepline",
    version="0.1.0",
    description="On-premises voicemail and fax that only the practice's own people can open",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["appliance", "appliance.*", "web", "web.*"]),
    package_data={
        "appliance": ["py.typed", "SECURITY.md"],
        "appliance.voice": ["*.toml"],
        "appliance.store": ["FORMAT.md"],
        "appliance.access": ["*.txt"],
        "web": ["py.typed", "templates/*", "static/*", "translations/*/LC_MESSAGES/*.po"],
    },
    install_requires=[
        "alembic>=1.20",
        "apscheduler>=3.11,<4",
        "cryptography>=50",
        "flask>=3.1",
        "flask-babel>=4.0",
        "gpiozero>=2.0",
        "granian>=2.8",
        'lgpio>=0.2; platform_machine == "aarch64"',
        "pillow>=13",
        "pyotp>=2.12",
        "pyserial>=3.5",
        "pyst2==0.5.1",
        "rich>=15",
        "sdnotify>=0.3",
        "segno>=1.6",
        "sqlalchemy>=2.1",
        "webauthn>=3.0",
    ],
    entry_points={"console_scripts": ["keepline = appliance.cli.main:main"]},
)
