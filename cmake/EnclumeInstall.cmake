# SPDX-License-Identifier: Apache-2.0
#
# cmake --install: the header, the libraries with their pkg-config file, the programs, the manual pages, the shells' completions, the
# gateway's systemd unit, the documents and examples, where the GNU directory names and Debian expect them (with the prefix /usr the libraries go to the directory of the machine's triplet).
# What a build does not have, because its target was not made, is left out.

foreach(program enclume enclumed enclume-simulator enclume-gateway)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()

if(TARGET libenclume)
  install(FILES "${CMAKE_SOURCE_DIR}/include/enclume.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(TARGETS libenclume libenclume_static
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  # Written at installation, so that `cmake --install --prefix` is obeyed.
  install(CODE "
    set(PREFIX \"\${CMAKE_INSTALL_PREFIX}\")
    set(LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
    set(INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
    foreach(directory LIBDIR INCLUDEDIR)
      if(NOT IS_ABSOLUTE \"\${\${directory}}\")
        set(\${directory} \"\\\${prefix}/\${\${directory}}\")
      endif()
    endforeach()
    set(DESCRIPTION \"${PROJECT_DESCRIPTION}\")
    set(VERSION \"${PROJECT_VERSION}\")
    configure_file(\"${CMAKE_SOURCE_DIR}/cmake/enclume.pc.in\" \"${CMAKE_BINARY_DIR}/enclume.pc\" @ONLY)")
  install(FILES "${CMAKE_BINARY_DIR}/enclume.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

foreach(section 1 3 8)
  file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/man/*.${section}")
  if(pages)
    install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
  endif()
endforeach()

# Each directory holds files that are named as that shell looks for them.
set(completions_bash "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(completions_zsh "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
else()
  set(completions_zsh "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
endif()
set(completions_fish "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
foreach(shell bash zsh fish)
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/completions/${shell}/*")
  if(files)
    install(FILES ${files} DESTINATION "${completions_${shell}}")
  endif()
endforeach()

# systemd looks for units below the prefixes /usr and /usr/local; the unit starts the program that is installed with it. The template is the same for several processes
# on one address: with --reuse-port, metrics for each, and one user for all, without which the kernel would not let them share.
if(TARGET enclume-gateway)
  install(CODE "
    file(READ \"${CMAKE_SOURCE_DIR}/deploy/enclume-gateway.service\" unit)
    string(REPLACE \"/usr/bin/\" \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/\" unit \"\${unit}\")
    file(WRITE \"${CMAKE_BINARY_DIR}/enclume-gateway.service\" \"\${unit}\")
    string(REPLACE \"/enclume-gateway --listen\" \"/enclume-gateway --reuse-port --listen\" unit \"\${unit}\")
    string(REPLACE \"--metrics 127.0.0.1:9100\" \"--metrics 127.0.0.1:910%i\" unit \"\${unit}\")
    string(REPLACE \"DynamicUser=yes\" \"DynamicUser=yes\nUser=enclume-gateway\" unit \"\${unit}\")
    file(WRITE \"${CMAKE_BINARY_DIR}/enclume-gateway@.service\" \"\${unit}\")")
  install(FILES "${CMAKE_BINARY_DIR}/enclume-gateway.service" "${CMAKE_BINARY_DIR}/enclume-gateway@.service"
    DESTINATION lib/systemd/system)
endif()

install(FILES "${CMAKE_SOURCE_DIR}/README.md" "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs" "${CMAKE_SOURCE_DIR}/examples" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${CMAKE_SOURCE_DIR}/deploy/haproxy.cfg" "${CMAKE_SOURCE_DIR}/deploy/kubernetes.yaml"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}/deploy")
install(PROGRAMS "${CMAKE_SOURCE_DIR}/deploy/acpi-tables" DESTINATION "${CMAKE_INSTALL_DOCDIR}/deploy")
