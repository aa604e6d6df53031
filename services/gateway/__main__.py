from services.gateway.app import build
from services.gateway.config import Config
from services.runtime.main import run

if __name__ == "__main__":
    run("gateway", build, Config)
