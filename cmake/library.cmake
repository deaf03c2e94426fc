# The installed product: the program `tailwater`, the shared library libtailwater, its public headers,
# and what find_package and pkg-config read.
#
# The library is linked from the objects of `pipeline` and of every room below it. It shows the
# symbols of namespace tailwater and nothing of third parties (tailwater.map). Only what
# include/tailwater declares is its interface.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The room and all rooms below it.
function(tailwater_rooms_below room result)
  set(found ${room})
  get_target_property(below ${room} TAILWATER_ROOMS)
  foreach(next IN LISTS below)
    tailwater_rooms_below(${next} deeper)
    list(APPEND found ${deeper})
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# What `make build` builds: the program and the library, without the tests.
add_custom_target(product)

if(TARGET tailwater)
  add_dependencies(product tailwater)
  set_target_properties(tailwater PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  install(TARGETS tailwater RUNTIME)
endif()

if(TARGET tailwater_pipeline)
  add_library(tailwater_library SHARED)
  tailwater_rooms_below(tailwater_pipeline rooms)
  foreach(room IN LISTS rooms)
    get_target_property(libraries ${room} TAILWATER_LIBRARIES)
    target_sources(tailwater_library PRIVATE $<TARGET_OBJECTS:${room}>)
    target_link_libraries(tailwater_library PRIVATE ${libraries})
  endforeach()
  target_link_libraries(tailwater_library INTERFACE tl::expected)
  target_link_options(tailwater_library PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/tailwater.map
                      -Wl,-Bsymbolic-functions)
  target_include_directories(tailwater_library INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(tailwater_library INTERFACE cxx_std_20)
  set_target_properties(tailwater_library PROPERTIES OUTPUT_NAME tailwater EXPORT_NAME tailwater
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                        LINKER_LANGUAGE CXX LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/tailwater.map)

  add_dependencies(product tailwater_library)

  set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/tailwater)
  install(TARGETS tailwater_library EXPORT tailwaterTargets LIBRARY)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/tailwater TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
  install(EXPORT tailwaterTargets NAMESPACE tailwater:: DESTINATION ${config_folder})
  configure_package_config_file(cmake/tailwaterConfig.cmake.in ${CMAKE_BINARY_DIR}/tailwaterConfig.cmake
                                INSTALL_DESTINATION ${config_folder})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/tailwaterConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/tailwaterConfig.cmake ${CMAKE_BINARY_DIR}/tailwaterConfigVersion.cmake
          DESTINATION ${config_folder})
  # Relative to the .pc file's own place, so that `cmake --install --prefix` moves it whole.
  file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(cmake/tailwater.pc.in ${CMAKE_BINARY_DIR}/tailwater.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/tailwater.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
