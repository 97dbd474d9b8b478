import synfin

# Create the server: it listens on port 9501 of 127.0.0.1
server = synfin.Server("127.0.0.1", 9501)


# A client has connected
@server.on("Connect")
def connect(conn):
    print("Client: Connect.")


# Data has come
@server.on("Receive")
def receive(conn, data):
    conn.send(b"Server: " + data)


# The connection is closed
@server.on("Close")
def close(conn):
    print("Client: Close.")


# Start the server
server.run()
