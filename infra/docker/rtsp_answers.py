"""Health of the demo camera: exit code 0 when the RTSP server on PORT answers OPTIONS."""

import socket
import sys

port = int(sys.argv[1])
with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
    connection.settimeout(3)
    connection.sendall(f"OPTIONS rtsp://127.0.0.1:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
    sys.exit(0 if connection.recv(64).startswith(b"RTSP/1.0 200") else 1)
