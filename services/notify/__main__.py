from services.notify.app import build
from services.notify.config import Config
from services.runtime.main import run

if __name__ == "__main__":
    run("notify", build, Config)
