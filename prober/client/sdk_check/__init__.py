"""A second opinion: the official SDK client against the same server.

sdk_check         asks for it
request           what goes to the process of the client and comes back
__main__          that process
official_client   the client in it
sdk_stdio         starts the server for it, on stdio
"""
