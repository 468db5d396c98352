/* Wine 8 has no bcryptprimitives.dll, which gives random numbers to the standard library of Rust. */
#include <windows.h>

BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T size)
{
    return SystemFunction036(bytes, (ULONG)size);
}
