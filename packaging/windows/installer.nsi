; The installer for Windows, made by windows.py, which says what VERSION, ICON and the like are.
;
;   EnOS-CSR-setup.exe              for the person alone, without an administrator
;   EnOS-CSR-setup.exe /S           without a question
;   EnOS-CSR-setup.exe /AllUsers    for everybody on the computer, by an administrator
;   EnOS-CSR-setup.exe /D=C:\Tools  into this folder; the last option, and without quotes
;
; It ends with 0 when it is done, 1 when it was cancelled, 2 when a file could not be written, 3 when
; the program is running, 4 when /AllUsers lacks the rights of an administrator.

Unicode true
!ifdef TARGET ; otherwise that of makensis, a 32-bit installer, which every Windows runs
    Target ${TARGET}
!endif
ManifestDPIAware true
SetCompressor /SOLID lzma
SetCompressorDictSize 64
RequestExecutionLevel user
AllowSkipFiles off

!define NAME "EnOS CSR"
!define PROGID "EnOSCSR.Request"
!define APPS_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\EnOSCSR"
!define PATHS_KEY "Software\Microsoft\Windows\CurrentVersion\App Paths"
!define RUNNING 3
!define NO_RIGHTS 4

Name "${NAME}"
OutFile "${OUTFILE}"
BrandingText "${NAME} ${VERSION}"
InstallDir ""

VIProductVersion "${VERSION_4}"
VIAddVersionKey /LANG=0 "ProductName" "${NAME}"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileDescription" "${NAME}"
VIAddVersionKey /LANG=0 "CompanyName" "${PUBLISHER}"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache License 2.0"

!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "app_id.nsh"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${SIDE}"
!define MUI_UNWELCOMEFINISHPAGE_BITMAP "${SIDE}"
!define MUI_WELCOMEFINISHPAGE_BITMAP_STRETCH AspectFitHeight
!define MUI_ABORTWARNING
!define MUI_WELCOMEPAGE_TEXT "$(WELCOME_TEXT)"
!define MUI_UNCONFIRMPAGE_TEXT_TOP "$(KEPT_TEXT)"
!define MUI_FINISHPAGE_RUN "$INSTDIR\enos-csr-gui.exe"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

LangString WELCOME_TEXT ${LANG_ENGLISH} "EnOS CSR creates the key and the certificate request that EnOS asks for, in a few plain questions.$\r$\n$\r$\nNothing is sent over the network, neither now nor later.$\r$\n$\r$\nAn older version is replaced. Your keys, requests and settings stay."
LangString RUNNING_TEXT ${LANG_ENGLISH} "EnOS CSR is running. Close it, then choose Retry."
LangString NO_RIGHTS_TEXT ${LANG_ENGLISH} "Only an administrator can install EnOS CSR for all users. Start the installer without /AllUsers to install it for yourself, or start it as an administrator."
LangString OLD_TEXT ${LANG_ENGLISH} "The installed version could not be removed. Restart the computer and try again."
LangString TYPE_TEXT ${LANG_ENGLISH} "Certificate signing request"
LangString KEPT_TEXT ${LANG_ENGLISH} "EnOS CSR will be removed. Your keys, your requests and the list of them stay."
!include "${LANGUAGES}" ; the same in the other languages: see localised.py

!ifdef SIGN
    !uninstfinalize '${SIGN} "%1"' = 0
    !finalize '${SIGN} "%1"' = 0
!endif

; A program that runs cannot be opened for writing.
!macro WAIT_WHILE_RUNNING PROGRAM
    ${Do}
        ${IfNot} ${FileExists} "$INSTDIR\${PROGRAM}"
            ${Break}
        ${EndIf}
        ClearErrors
        FileOpen $0 "$INSTDIR\${PROGRAM}" a
        ${IfNot} ${Errors}
            FileClose $0
            ${Break}
        ${EndIf}
        ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING_TEXT)" /SD IDCANCEL IDCANCEL`
            SetErrorLevel ${RUNNING}
            Quit
        ${EndIf}
    ${Loop}
!macroend

Function .onInit
    SetRegView 64
    ${GetParameters} $1
    ClearErrors
    ${GetOptions} $1 "/AllUsers" $2
    ${If} ${Errors}
        SetShellVarContext current
        StrCpy $3 "$LOCALAPPDATA\Programs\${NAME}"
    ${Else}
        UserInfo::GetAccountType
        Pop $2
        ${If} $2 != "Admin"
            MessageBox MB_OK|MB_ICONSTOP "$(NO_RIGHTS_TEXT)" /SD IDOK
            SetErrorLevel ${NO_RIGHTS}
            Quit
        ${EndIf}
        SetShellVarContext all
        StrCpy $3 "$PROGRAMFILES64\${NAME}"
    ${EndIf}
    ${If} $INSTDIR == "" ; no /D=
        ReadRegStr $INSTDIR SHCTX "${APPS_KEY}" "InstallLocation"
    ${EndIf}
    ${If} $INSTDIR == ""
        StrCpy $INSTDIR $3
    ${EndIf}
    !insertmacro WAIT_WHILE_RUNNING "enos-csr-gui.exe"
    !insertmacro WAIT_WHILE_RUNNING "enos-csr.exe"
FunctionEnd

Section
    ; Of an older version nothing stays behind.
    ReadRegStr $0 SHCTX "${APPS_KEY}" "InstallLocation"
    ${If} $0 != ""
    ${AndIf} ${FileExists} "$0\uninstall.exe"
        ; The path after '_?=' has no quotes; with it, the uninstaller runs where it lies.
        ExecWait '"$0\uninstall.exe" /S _?=$0' $1
        ${If} $1 != 0
            MessageBox MB_OK|MB_ICONSTOP "$(OLD_TEXT)" /SD IDOK
            SetErrorLevel $1
            Quit
        ${EndIf}
        Delete "$0\uninstall.exe"
        RMDir "$0"
    ${EndIf}

    !include "${FILES_TO_INSTALL}"
    WriteUninstaller "$INSTDIR\uninstall.exe"
    CreateShortCut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\enos-csr-gui.exe"
    !insertmacro SET_APP_ID "$SMPROGRAMS\${NAME}.lnk"

    WriteRegStr SHCTX "${APPS_KEY}" "DisplayName" "${NAME}"
    WriteRegStr SHCTX "${APPS_KEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr SHCTX "${APPS_KEY}" "Publisher" "${PUBLISHER}"
    WriteRegStr SHCTX "${APPS_KEY}" "DisplayIcon" "$INSTDIR\enos-csr-gui.exe"
    WriteRegStr SHCTX "${APPS_KEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr SHCTX "${APPS_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr SHCTX "${APPS_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD SHCTX "${APPS_KEY}" "EstimatedSize" ${KILOBYTES}
    WriteRegDWORD SHCTX "${APPS_KEY}" "NoModify" 1
    WriteRegDWORD SHCTX "${APPS_KEY}" "NoRepair" 1

    ; 'enos-csr' and 'enos-csr-gui' can be typed into Run.
    WriteRegStr SHCTX "${PATHS_KEY}\enos-csr-gui.exe" "" "$INSTDIR\enos-csr-gui.exe"
    WriteRegStr SHCTX "${PATHS_KEY}\enos-csr.exe" "" "$INSTDIR\enos-csr.exe"

    ; Offered in 'Open with'; whichever program opens requests now goes on doing so.
    WriteRegStr SHCTX "Software\Classes\${PROGID}" "" "$(TYPE_TEXT)"
    WriteRegStr SHCTX "Software\Classes\${PROGID}\DefaultIcon" "" "$INSTDIR\enos-csr-gui.exe,0"
    WriteRegStr SHCTX "Software\Classes\${PROGID}\shell\open\command" "" '"$INSTDIR\enos-csr-gui.exe" "%1"'
    WriteRegStr SHCTX "Software\Classes\.csr\OpenWithProgids" "${PROGID}" ""
    WriteRegStr SHCTX "Software\Classes\Applications\enos-csr-gui.exe" "FriendlyAppName" "${NAME}"
    WriteRegStr SHCTX "Software\Classes\Applications\enos-csr-gui.exe\shell\open\command" "" '"$INSTDIR\enos-csr-gui.exe" "%1"'
    WriteRegStr SHCTX "Software\Classes\Applications\enos-csr-gui.exe\SupportedTypes" ".csr" ""
    System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Function un.onInit
    SetRegView 64
    SetShellVarContext current
    ReadRegStr $0 SHCTX "${APPS_KEY}" "InstallLocation"
    ${If} $0 != $INSTDIR
        SetShellVarContext all
    ${EndIf}
    !insertmacro WAIT_WHILE_RUNNING "enos-csr-gui.exe"
    !insertmacro WAIT_WHILE_RUNNING "enos-csr.exe"
FunctionEnd

Section "un.Uninstall"
    ; By name: whatever else lies in the folder is not ours.
    !include "${FILES_TO_REMOVE}"
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR"
    Delete "$SMPROGRAMS\${NAME}.lnk"

    DeleteRegKey SHCTX "${APPS_KEY}"
    DeleteRegKey SHCTX "${PATHS_KEY}\enos-csr-gui.exe"
    DeleteRegKey SHCTX "${PATHS_KEY}\enos-csr.exe"
    DeleteRegKey SHCTX "Software\Classes\${PROGID}"
    DeleteRegKey SHCTX "Software\Classes\Applications\enos-csr-gui.exe"
    DeleteRegValue SHCTX "Software\Classes\.csr\OpenWithProgids" "${PROGID}"
    DeleteRegKey /ifempty SHCTX "Software\Classes\.csr\OpenWithProgids"
    DeleteRegKey /ifempty SHCTX "Software\Classes\.csr"
    System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd
