; Puts the ID into a property store in memory, and writes what that then holds into C:\told.txt.
Unicode true
Target amd64-unicode
Name "EnOS CSR"
OutFile "${OUTFILE}"
RequestExecutionLevel user
SilentInstall silent
!include "${SCRIPT}"

Section
    System::Call 'propsys::PSCreateMemoryPropertyStore(g"${IID_IPropertyStore}",*p.r2)'
    !insertmacro PUT_APP_ID $2
    System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r3'
    System::Call '*${SYSSTRUCT_PROPVARIANT}(0,,,)p.r4'
    ${IPropertyStore::GetValue} $2 '(r3,r4)'
    System::Call '*$4(&i2.r0,&i6,w.r1)'
    FileOpen $9 "C:\told.txt" w
    FileWrite $9 "$0 $1"
    FileClose $9
SectionEnd
