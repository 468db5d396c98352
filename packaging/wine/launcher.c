/* python.exe and pythonw.exe. With another name, such as enos-csr.exe, it runs the script beside it:
   enos-csr-script.py. */
#include <windows.h>

int Py_Main(int argc, wchar_t **argv);

static int run(int argc, wchar_t **argv)
{
    static wchar_t script[32768];
    GetModuleFileNameW(NULL, script, 32768 - 16);
    if (_wcsnicmp(wcsrchr(script, L'\\') + 1, L"python", 6) == 0)
        return Py_Main(argc, argv);
    wcscpy(wcsrchr(script, L'.'), L"-script.py");
    wchar_t **all = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, (argc + 2) * sizeof *all);
    all[0] = argv[0];
    all[1] = script;
    for (int i = 1; i < argc; i++)
        all[i + 1] = argv[i];
    return Py_Main(argc + 1, all);
}

#ifdef WINDOWED
int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, LPWSTR line, int show)
{
    int argc;
    wchar_t **argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    return run(argc, argv);
}
#else
int wmain(int argc, wchar_t **argv) { return run(argc, argv); }
#endif
