# Precompiled headers: one for the rooms, one for the tests. They save about 1 s of each source file
# and 2 to 3 s of each test file. They never replace an include: `make check` reads every file
# without them.

if(TAILWATER_PCH)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc.new "int main() { return 0; }\n")
  file(COPY_FILE ${CMAKE_BINARY_DIR}/precompiled.cc.new ${CMAKE_BINARY_DIR}/precompiled.cc ONLY_IF_DIFFERENT)

  set(TAILWATER_COMMON_HEADERS <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory>
      <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <utility> <vector>
      <tl/expected.hpp>)

  add_library(tailwater_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(tailwater_precompiled PRIVATE tl::expected fmt::fmt spdlog::spdlog)
  target_compile_options(tailwater_precompiled PRIVATE ${TAILWATER_WARNINGS})
  target_precompile_headers(tailwater_precompiled PRIVATE ${TAILWATER_COMMON_HEADERS}
                            <fmt/format.h> <spdlog/spdlog.h>)

  if(TAILWATER_TESTS)
    # A program, as the tests are: position-independence must be the same.
    add_executable(tailwater_precompiled_test ${CMAKE_BINARY_DIR}/precompiled.cc)
    target_link_libraries(tailwater_precompiled_test PRIVATE tl::expected GTest::gtest GTest::gmock)
    target_compile_options(tailwater_precompiled_test PRIVATE ${TAILWATER_WARNINGS})
    target_precompile_headers(tailwater_precompiled_test PRIVATE ${TAILWATER_COMMON_HEADERS}
                              <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

# tailwater_use_precompiled(TARGET [TEST])
function(tailwater_use_precompiled target)
  if(TAILWATER_PCH)
    if("TEST" IN_LIST ARGN)
      target_precompile_headers(${target} REUSE_FROM tailwater_precompiled_test)
    else()
      target_precompile_headers(${target} REUSE_FROM tailwater_precompiled)
    endif()
  endif()
endfunction()
