# How the compiler and the linker are called: ccache, lld, sanitizers, warnings.

set(TAILWATER_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
    -Woverloaded-virtual)
if(TAILWATER_WERROR)
  list(APPEND TAILWATER_WARNINGS -Werror)
endif()

# The sloppiness is what ccache asks for before it caches with precompiled headers. The base
# directory lets two clones, or two build folders, share results.
find_program(CCACHE ccache)
if(CCACHE AND TAILWATER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_ctime,include_file_mtime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

find_program(LLD ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(TAILWATER_SANITIZE)
  add_compile_options(-fsanitize=${TAILWATER_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TAILWATER_SANITIZE})
  if(TAILWATER_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
