from services.rooms.app import build
from services.rooms.config import Config
from services.runtime.main import run

if __name__ == "__main__":
    run("rooms", build, Config)
