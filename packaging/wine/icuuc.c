/* Wine has no icuuc.dll, whose text converters Qt loads. This one has none, so Qt uses its own: UTF-8,
   UTF-16, UTF-32, Latin-1 and the code page of the system. */
#define EXPORT __declspec(dllexport)
#define U_ILLEGAL_ARGUMENT_ERROR 1
#define U_FILE_ACCESS_ERROR 4

EXPORT void UCNV_FROM_U_CALLBACK_SUBSTITUTE(void) {}
EXPORT void UCNV_TO_U_CALLBACK_SUBSTITUTE(void) {}
EXPORT void ucnv_cbFromUWriteUChars(void) {}
EXPORT void ucnv_cbToUWriteUChars(void) {}
EXPORT void ucnv_close(void *converter) {}
EXPORT int ucnv_countAvailable(void) { return 0; }
EXPORT int ucnv_fromUCountPending(void *converter, int *error) { return 0; }
EXPORT void ucnv_fromUnicode(void) {}
EXPORT void *ucnv_getAvailableName(int number) { return 0; }
EXPORT void ucnv_getFromUCallBack(void) {}
EXPORT signed char ucnv_getMaxCharSize(void *converter) { return 1; }
EXPORT void *ucnv_getName(void *converter, int *error)
{
    *error = U_ILLEGAL_ARGUMENT_ERROR;
    return 0;
}
EXPORT void *ucnv_getStandardName(void *name, void *standard, int *error)
{
    *error = U_ILLEGAL_ARGUMENT_ERROR;
    return 0;
}
EXPORT void ucnv_getToUCallBack(void) {}
EXPORT void *ucnv_open(void *name, int *error)
{
    *error = U_FILE_ACCESS_ERROR;
    return 0;
}
EXPORT void ucnv_reset(void *converter) {}
EXPORT void ucnv_setFromUCallBack(void) {}
EXPORT void ucnv_setToUCallBack(void) {}
EXPORT int ucnv_toUCountPending(void *converter, int *error) { return 0; }
EXPORT void ucnv_toUnicode(void) {}
