; The ID by which the taskbar finds the windows that belong to a pinned icon: APP_ID. The program gives
; it to its windows, this to the shortcut. 'Win\COM.nsh' of NSIS explains the calls.

!include "LogicLib.nsh"
!include "Win\COM.nsh"
!include "Win\Propkey.nsh"

; Put the ID into an IPropertyStore; changes $3, $4 and $6.
!macro PUT_APP_ID STORE
    StrCpy $6 "${APP_ID}"
    System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r3'
    System::Call '*(&w${NSIS_MAX_STRLEN} r6)p.r6'
    System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_LPWSTR},,p r6)p.r4'
    ${IPropertyStore::SetValue} ${STORE} '(r3,r4)'
    ${IPropertyStore::Commit} ${STORE} ''
    System::Free $3
    System::Free $4
    System::Free $6
!macroend

; Put the ID into a shortcut that exists; changes $0 to $6.
!macro SET_APP_ID SHORTCUT
    StrCpy $5 "${SHORTCUT}"
    !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
    ${If} $0 P<> 0
        ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
        ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
        ${If} $1 P<> 0
        ${AndIf} $2 P<> 0
            ${IPersistFile::Load} $1 '(r5,${STGM_READWRITE})'
            !insertmacro PUT_APP_ID $2
            ${IPersistFile::Save} $1 '(r5,1)'
        ${EndIf}
        !insertmacro ComHlpr_SafeRelease $2
        !insertmacro ComHlpr_SafeRelease $1
        ${IUnknown::Release} $0 ""
    ${EndIf}
!macroend
