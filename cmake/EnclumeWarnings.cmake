# SPDX-License-Identifier: Apache-2.0
# The compiler settings of every room, as one interface target.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17) # the engine's layer over llama.cpp's C++
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(enclume_settings INTERFACE)
target_compile_definitions(enclume_settings INTERFACE _GNU_SOURCE)
target_include_directories(enclume_settings INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
target_compile_options(enclume_settings INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Werror;-Wshadow;-Wconversion;-Wno-sign-conversion;-Wstrict-prototypes;-Wmissing-prototypes;-Wvla;-Wformat=2;-Wundef>
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Werror;-Wshadow;-Wconversion;-Wno-sign-conversion;-Wvla;-Wformat=2;-D_GLIBCXX_ASSERTIONS>
  -fstack-protector-strong -fstack-clash-protection -fno-strict-overflow)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Paths of the build machine must not reach a binary that is measured.
  target_compile_options(enclume_settings INTERFACE -D_FORTIFY_SOURCE=2 -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  target_link_options(enclume_settings INTERFACE -Wl,-z,relro,-z,now -Wl,--build-id=none)
endif()
if(ENCLUME_SANITIZE)
  # -g1: the sanitizers name functions and lines; who wants variables in a debugger too sets CFLAGS.
  target_compile_options(enclume_settings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(enclume_settings INTERFACE -fsanitize=address,undefined)
endif()
if(ENCLUME_COVERAGE)
  target_compile_options(enclume_settings INTERFACE --coverage -O0 -g)
  target_link_options(enclume_settings INTERFACE --coverage)
endif()
if(ENCLUME_FUZZ)
  target_compile_options(enclume_settings INTERFACE -fsanitize=fuzzer-no-link -O1) # it tries several times as much in the same time
endif()

# enclume_room(name SOURCES a.c b.c LIBS enclume_base ...): one room, one static library.
function(enclume_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBS" ${ARGN})
  add_library(enclume_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(enclume_${name} PUBLIC enclume_settings ${ROOM_LIBS})
endfunction()
