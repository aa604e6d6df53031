from services.booking.app import build
from services.booking.config import Config
from services.runtime.main import run

if __name__ == "__main__":
    run("booking", build, Config)
