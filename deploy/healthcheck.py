"""Whether a daemon on this machine answers, with or without TLS and passwords: exit status 0 or 1.

python healthcheck.py [PORT]
"""

import http.client
import ssl
import sys

PORT = 9733
TIMEOUT = 4
"""Seconds for each of the two ways to ask."""


def answers(connection: http.client.HTTPConnection) -> bool:
    """Who asks for a password is there to ask for it; so is who has shaken hands and then wants a certificate."""
    handshaken = False
    try:
        connection.connect()
        handshaken = isinstance(connection, http.client.HTTPSConnection)
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status in (200, 401)
    except TimeoutError:
        return False
    except (OSError, http.client.HTTPException):
        return handshaken
    finally:
        connection.close()


def healthy(port: int) -> bool:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the question is whether it lives, and it is asked on loopback
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    host = "127.0.0.1"
    return answers(http.client.HTTPConnection(host, port, timeout=TIMEOUT)) or answers(
        http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=trusting)
    )


if __name__ == "__main__":
    sys.exit(not healthy(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
