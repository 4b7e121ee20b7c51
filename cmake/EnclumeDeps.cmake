# SPDX-License-Identifier: Apache-2.0
#
# The libraries that Enclume stands on, as imported targets:
#
#   Enclume::crypto    OpenSSL's libcrypto, 3.5 or newer
#   Enclume::ssl       OpenSSL's libssl (only the benchmarks talk TLS)
#   Enclume::llama     llama.cpp
#   Enclume::llama_common, Enclume::mtmd   its chat templates and grammars; its image reader
#   Enclume::jansson   JSON
#   Enclume::uv        libuv
#   Enclume::cmocka    the unit tests' framework (with BUILD_TESTING)
#
# Static archives are preferred, since the daemon is one static file. What the system does not have,
# or not new enough, the scripts in deps/ fetch, check against deps/pins.tsv and build, once for all
# build directories.

set(ENCLUME_DEPS_DIR "${CMAKE_SOURCE_DIR}/build/deps" CACHE PATH "Where deps/ puts what it fetches and builds")
set(ENCLUME_DEMO_MODEL "${ENCLUME_DEPS_DIR}/model/stories15M-q8_0.gguf" CACHE FILEPATH
    "The small model of the tests and the demonstration (made by deps/model)")
option(ENCLUME_SYSTEM_LIBS "Use the system's OpenSSL and libllama where they are new enough" ON)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Runs deps/<name> <...>, which does nothing when its work is done, and stores in <out> what is to be used:
# "system" or a directory.
function(enclume_dependency name out)
  if(ENCLUME_SYSTEM_LIBS)
    set(system 1)
  else()
    set(system 0)
  endif()
  set(command ${CMAKE_COMMAND} -E env "ENCLUME_DEPS_DIR=${ENCLUME_DEPS_DIR}" "ENCLUME_SYSTEM_LIBS=${system}"
      "${CMAKE_SOURCE_DIR}/deps/${name}" ${ARGN})
  execute_process(COMMAND ${command} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "deps/${name} failed; its message is above")
  endif()
  execute_process(COMMAND ${command} --where OUTPUT_VARIABLE where OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${where}" PARENT_SCOPE)
endfunction()

# Enclume::<name> is a static archive that itself needs the libraries <...>.
function(enclume_archive name archive include)
  add_library(Enclume::${name} STATIC IMPORTED GLOBAL)
  set_target_properties(Enclume::${name} PROPERTIES IMPORTED_LOCATION "${archive}")
  target_include_directories(Enclume::${name} SYSTEM INTERFACE ${include})
  target_link_libraries(Enclume::${name} INTERFACE ${ARGN})
endfunction()

# Enclume::<name> from the pkg-config module <module>: the first of the archives named after ARCHIVES
# that is found, or else what pkg-config says.
function(enclume_system_library name module)
  cmake_parse_arguments(arg "" "" "ARCHIVES;LIBS" ${ARGN})
  string(TOUPPER "ENCLUME_${name}" prefix)
  pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${module})
  if(arg_ARCHIVES)
    pkg_get_variable(libdir "${${prefix}_MODULE_NAME}" libdir)
    find_library(${prefix}_ARCHIVE NAMES ${arg_ARCHIVES} HINTS ${libdir})
    mark_as_advanced(${prefix}_ARCHIVE)
  endif()
  if(${prefix}_ARCHIVE)
    # What the archive itself needs; of these, libcrypto comes by its target.
    set(private ${${prefix}_STATIC_LIBRARIES})
    list(REMOVE_ITEM private ${${prefix}_LIBRARIES} crypto)
    enclume_archive(${name} "${${prefix}_ARCHIVE}" "${${prefix}_INCLUDE_DIRS}"
                    ${arg_LIBS} ${private} Threads::Threads)
  else()
    add_library(Enclume::${name} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(Enclume::${name} INTERFACE PkgConfig::${prefix} ${arg_LIBS})
  endif()
endfunction()

enclume_dependency(openssl where)
if(where STREQUAL "system")
  enclume_system_library(crypto libcrypto>=3.5.0 ARCHIVES libcrypto.a)
  enclume_system_library(ssl libssl>=3.5.0 ARCHIVES libssl.a LIBS Enclume::crypto)
else()
  enclume_archive(crypto "${where}/lib/libcrypto.a" "${where}/include" Threads::Threads ${CMAKE_DL_LIBS})
  enclume_archive(ssl "${where}/lib/libssl.a" "${where}/include" Enclume::crypto)
endif()

# llama.cpp itself; what its own programs share (chat templates, grammars), which is C++; and its reader of images.
set(cuda)
set(cuda_archive)
if(ENCLUME_CUDA)
  find_package(CUDAToolkit REQUIRED)
  set(cuda --cuda)
  set(cuda_archive Enclume::ggml_cuda)
endif()
enclume_dependency(llama where ${cuda})
set(include "${where}/include")
if(EXISTS "${include}/llama-common")
  list(APPEND include "${include}/llama-common")
endif()
enclume_archive(ggml_base "${where}/lib/libggml-base.a" "${include}" stdc++ m Threads::Threads ${CMAKE_DL_LIBS})
enclume_archive(ggml_cpu "${where}/lib/libggml-cpu.a" "${include}" Enclume::ggml_base)
if(ENCLUME_CUDA)
  enclume_archive(ggml_cuda "${where}/lib/libggml-cuda.a" "${include}" Enclume::ggml_base CUDA::cudart CUDA::cublas CUDA::cuda_driver)
endif()
enclume_archive(ggml "${where}/lib/libggml.a" "${include}" ${cuda_archive} Enclume::ggml_cpu Enclume::ggml_base)
enclume_archive(llama "${where}/lib/libllama.a" "${include}" Enclume::ggml)
enclume_archive(llama_hash "${where}/lib/libvendor-hash.a" "${include}")
enclume_archive(llama_http "${where}/lib/libcpp-httplib.a" "${include}" Threads::Threads)
enclume_archive(llama_common_base "${where}/lib/libllama-common-base.a" "${include}")
enclume_archive(llama_common "${where}/lib/libllama-common.a" "${include}"
                Enclume::llama_common_base Enclume::llama_hash Enclume::llama_http Enclume::llama)
enclume_archive(mtmd "${where}/lib/libmtmd.a" "${include}" Enclume::llama_hash Enclume::llama)

enclume_system_library(jansson jansson ARCHIVES libjansson.a)
enclume_system_library(uv libuv ARCHIVES libuv.a libuv_a.a)
if(BUILD_TESTING)
  enclume_system_library(cmocka cmocka)
endif()
