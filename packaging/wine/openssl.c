/* openssl.exe: has openssl_server.py, on the same machine, run the openssl of Linux.

   As OpenSSL for Windows, it reads its arguments in the ANSI code page, which lacks most letters, unless
   OPENSSL_WIN32_UTF8 is set.

   Sent: the current folder, the number of arguments, each argument, standard input. Received: the exit
   status, standard output, standard error. A text is its length in bytes, then UTF-8; numbers have 32
   bits, little-endian. */
#include <winsock2.h>
#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SOCKET server;

static void send_all(const void *data, unsigned size)
{
    const char *bytes = data;
    while (size) {
        int sent = send(server, bytes, size, 0);
        if (sent <= 0)
            exit(97);
        bytes += sent;
        size -= sent;
    }
}

static void receive_all(void *data, unsigned size)
{
    char *bytes = data;
    while (size) {
        int received = recv(server, bytes, size, 0);
        if (received <= 0)
            exit(98);
        bytes += received;
        size -= received;
    }
}

static void send_block(const void *data, unsigned size)
{
    send_all(&size, 4);
    send_all(data, size);
}

static void send_text(const wchar_t *text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = malloc(size);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL);
    send_block(bytes, size - 1);
    free(bytes);
}

static void send_argument(const wchar_t *text)
{
    static char narrow[32768];
    static wchar_t wide[32768];
    if (getenv("OPENSSL_WIN32_UTF8")) {
        send_text(text);
        return;
    }
    WideCharToMultiByte(CP_ACP, 0, text, -1, narrow, sizeof narrow, NULL, NULL);
    MultiByteToWideChar(CP_ACP, 0, narrow, -1, wide, 32768);
    send_text(wide);
}

static void pass_on(FILE *stream)
{
    unsigned size;
    receive_all(&size, 4);
    char *bytes = malloc(size + 1);
    receive_all(bytes, size);
    fwrite(bytes, 1, size, stream);
    fflush(stream);
    free(bytes);
}

static void send_input(void)
{
    size_t size = 0, room = 1 << 16, count;
    char *bytes = malloc(room);
    if (GetFileType(GetStdHandle(STD_INPUT_HANDLE)) != FILE_TYPE_CHAR)
        while ((count = fread(bytes + size, 1, room - size, stdin)) > 0) {
            size += count;
            if (size == room)
                bytes = realloc(bytes, room *= 2);
        }
    send_block(bytes, size);
    free(bytes);
}

int wmain(int argc, wchar_t **argv)
{
    WSADATA version;
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *port = getenv("ENOS_CSR_OPENSSL_PORT");
    WSAStartup(MAKEWORD(2, 2), &version);
    server = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons(port ? atoi(port) : 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(server, (void *)&address, sizeof address)) {
        fprintf(stderr, "openssl_server.py does not answer\n");
        return 99;
    }
    static wchar_t folder[32768];
    GetCurrentDirectoryW(32768, folder);
    send_text(folder);
    unsigned count = argc - 1;
    send_all(&count, 4);
    for (int i = 1; i < argc; i++)
        send_argument(argv[i]);
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
    send_input();
    int status;
    receive_all(&status, 4);
    pass_on(stdout);
    pass_on(stderr);
    return status;
}
