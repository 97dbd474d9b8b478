import synfin

client = synfin.Client()
client.connect("127.0.0.1", 9501)

# Send data to the server
client.send("Just a test.\r\n")
client.close()
